//! Who made an edit, as the tables keep it: until the wiki hides it.

use crate::error::Result;
use crate::session::Fields;
use mysql_async::Value;
use wikicrew_core::types::UserId;

words! {
    /// What kind of user somebody is: never "anonymous = IP".
    pub enum UserKind {
        /// A named account.
        Account = "account",
        /// A temporary account.
        Temporary = "temporary",
        /// An IP address, where the wiki itself shows it as the author.
        Address = "address",
    }
}

/// Who made an edit; where this is missing, the wiki hides it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// The local account; 0 for an address.
    pub id: UserId,
    /// Name as the wiki gave it, at most 255 bytes.
    pub name: String,
    /// What kind of user it is.
    pub kind: UserKind,
}

/// From the columns `user_id`, `user_name`, `user_kind`.
pub(crate) fn read(f: &mut Fields) -> Result<Option<Author>> {
    let Some(name) = f.get::<Option<String>>("user_name")? else {
        return Ok(None);
    };
    Ok(Some(Author {
        id: UserId(f.get("user_id")?),
        name,
        kind: f.word("user_kind", UserKind::read)?,
    }))
}

/// As [`read`], and the kind, which may stand without the name.
pub(crate) fn read_with_kind(f: &mut Fields) -> Result<(Option<Author>, Option<UserKind>)> {
    let (name, id) = (f.get::<Option<String>>("user_name")?, f.get::<Option<u64>>("user_id")?);
    let kind = match f.get::<Option<String>>("user_kind")? {
        Some(word) => Some(UserKind::read(&word).ok_or_else(|| f.bad("user_kind", format!("unknown word {word:?}")))?),
        None => None,
    };
    let author = name.zip(kind).map(|(name, kind)| Author {
        id: UserId(id.unwrap_or(0)),
        name,
        kind,
    });
    Ok((author, kind))
}

/// For the columns `user_id`, `user_name`, `user_kind`.
pub(crate) fn values(author: Option<&Author>) -> [Value; 3] {
    [
        Value::from(author.map(|author| author.id.0)),
        Value::from(author.map(|author| author.name.as_str())),
        Value::from(author.map(|author| author.kind.word())),
    ]
}
