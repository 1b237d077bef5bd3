//! Events from the request to the row and the reply.
