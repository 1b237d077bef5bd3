//! Fields that hold text, a flag or an object when all is well and anything at all when it is not: a value of another
//! type reads as absent, so that one odd field never makes a whole payload unreadable.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// For `#[serde(default, borrow, deserialize_with = "lenient::text")]`.
pub fn text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    input.deserialize_any(Text)
}

/// For `#[serde(default, deserialize_with = "lenient::flag")]`: `true`, or the text `true`, and else false.
pub fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    input.deserialize_any(Flag)
}

/// For `#[serde(default, borrow, deserialize_with = "lenient::object")]`. A derived struct alone would also take a
/// list, its items in the order of the fields.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(Object(PhantomData))
}

/// For `#[serde(default, borrow, deserialize_with = "lenient::first")]`: the object that a list begins with.
pub fn first<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(First(PhantomData))
}

/// For `#[serde(default, deserialize_with = "lenient::objects")]`: the objects of a list.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Vec<T>, D::Error> {
    input.deserialize_any(Objects(PhantomData))
}

struct Text;

struct Flag;

struct Object<T>(PhantomData<T>);

struct First<T>(PhantomData<T>);

struct Objects<T>(PhantomData<T>);

/// An item of a list; `None` if it cannot be read.
struct Item<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        object(input).map(Self)
    }
}

/// Reads the named kinds of value as the default, which means absent.
macro_rules! absent {
    ($($kind:ident)*) => { $(absent!(@ $kind);)* };
    (@ null) => { absent!(@ visit_unit()); };
    (@ bool) => { absent!(@ visit_bool(_: bool)); };
    (@ number) => {
        absent!(@ visit_i64(_: i64));
        absent!(@ visit_u64(_: u64));
        absent!(@ visit_f64(_: f64));
    };
    (@ string) => { absent!(@ visit_str(_: &str)); };
    (@ $visit:ident($($value:tt: $type:ty)?)) => {
        fn $visit<E: de::Error>(self $(, $value: $type)?) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ expecting) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
    };
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    absent!(expecting null bool number list map);

    fn visit_borrowed_str<E: de::Error>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(v)))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v.to_owned())))
    }
}

impl<'de> Visitor<'de> for Flag {
    type Value = bool;

    absent!(expecting null number list map);

    fn visit_bool<E: de::Error>(self, v: bool) -> Result<Self::Value, E> {
        Ok(v)
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
        Ok(v == "true")
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Option<T>;

    absent!(expecting null bool number string list);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
    type Value = Option<T>;

    absent!(expecting null bool number string map);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let first = seq.next_element::<Item<T>>()?.and_then(|item| item.0);
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
    type Value = Vec<T>;

    absent!(expecting null bool number string map);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = seq.next_element::<Item<T>>()? {
            all.extend(item.0);
        }
        Ok(all)
    }
}
