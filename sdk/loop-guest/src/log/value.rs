//! Fields and their values.

pub use crate::bindings::logging::{FieldParam as Field, ValueParam as Value};

/// What can be the value of a field: texts, numbers, `bool`, and references to them.
///
/// Anything else is given as text: `error = failure.to_string()`.
pub trait ToValue {
    /// The value, which borrows a text and copies the rest.
    fn to_value(&self) -> Value<'_>;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        T::to_value(self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for std::borrow::Cow<'_, str> {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Truth(*self)
    }
}

impl ToValue for usize {
    fn to_value(&self) -> Value<'_> {
        Value::Unsigned(u64::try_from(*self).unwrap_or(u64::MAX))
    }
}

impl ToValue for isize {
    fn to_value(&self) -> Value<'_> {
        Value::Signed(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

/// A length of time becomes a number of seconds.
impl ToValue for std::time::Duration {
    fn to_value(&self) -> Value<'_> {
        Value::Number(self.as_secs_f64())
    }
}

macro_rules! number {
    ($variant:ident, $wide:ty: $($narrow:ty)+) => {
        $(impl ToValue for $narrow {
            fn to_value(&self) -> Value<'_> {
                Value::$variant(<$wide>::from(*self))
            }
        })+
    };
}

number!(Signed, i64: i8 i16 i32 i64);
number!(Unsigned, u64: u8 u16 u32 u64);
number!(Number, f64: f32 f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_kind() {
        assert_eq!("a".to_value(), Value::Text("a"));
        assert_eq!(String::from("b").to_value(), Value::Text("b"));
        assert_eq!((&&3_i8).to_value(), Value::Signed(3));
        assert_eq!(200_u16.to_value(), Value::Unsigned(200));
        assert_eq!(7_usize.to_value(), Value::Unsigned(7));
        assert_eq!(0.5_f32.to_value(), Value::Number(0.5));
        assert_eq!(true.to_value(), Value::Truth(true));
    }

    #[test]
    fn fields_take_names_from_the_code() {
        let path = String::from("/x");
        let fields = crate::log::fields![path = path, status = 404];
        assert_eq!(fields.map(|field| field.key), ["path", "status"]);
    }
}
