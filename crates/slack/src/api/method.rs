//! The two macros that every method is written with, so that none forgets tolerance, a tier, or a silent `Debug`.

/// Declares one method: `Kind "slack.name": Request { fields } => Answer`, then whose credential it takes if not a
/// token's, then a check of the answer if there is one.
macro_rules! method {
    ($(#[$doc:meta])* $kind:ident $name:literal: $request:ident {
        $($(#[$field_doc:meta])+ $field:ident: $type:ty,)*
    } => $answer:ty) => {
        method! { $(#[$doc])* $kind $name: $request {
            $($(#[$field_doc])+ $field: $type,)*
        } => $answer, by secrecy::SecretString }
    };
    ($(#[$doc:meta])* $kind:ident $name:literal: $request:ident {
        $($(#[$field_doc:meta])+ $field:ident: $type:ty,)*
    } => $answer:ty, by $credential:ty $(, complete $complete:expr)?) => {
        $(#[$doc])*
        #[derive(Clone, Default, serde::Serialize)]
        pub struct $request {
            $($(#[$field_doc])+ pub $field: $type,)*
        }

        // Checked here, for the constant below is looked at only where it is used.
        const _: $crate::tiers::Tier = $crate::tiers::known($name);

        impl $crate::api::Method for $request {
            const NAME: &'static str = $name;
            const TIER: $crate::tiers::Tier = $crate::tiers::known($name);
            const KIND: $crate::api::Kind = $crate::api::Kind::$kind;
            type Credential = $credential;
            type Answer = $answer;

            $(fn complete(answer: &Self::Answer) -> bool {
                $complete(answer)
            })?
        }

        impl std::fmt::Debug for $request {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($request), "(", $name, ")"))
            }
        }
    };
}

/// Declares what an answer holds. Without the fields under `must` it cannot be read; any other is its default when
/// it is missing or odd.
macro_rules! answer {
    ($(#[$doc:meta])* $name:ident {
        $(must { $($(#[$must_doc:meta])+ $must:ident: $must_type:ty,)+ })?
        $($(#[$field_doc:meta])+ $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, serde::Deserialize)]
        pub struct $name {
            $($($(#[$must_doc])+ pub $must: $must_type,)+)?
            $(
                $(#[$field_doc])+
                #[serde(default, deserialize_with = "crate::api::types::or_default")]
                pub $field: $type,
            )*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
