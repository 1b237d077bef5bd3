//! Tests of texts for the public.
