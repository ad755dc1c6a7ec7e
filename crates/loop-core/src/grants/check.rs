//! Whether single entries of grants are what their place asks for.

use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::grants::arguments::{ANY, ArgumentsPattern, OPERANDS};
use crate::grants::pattern::{ConnectPattern, HostPattern, ListenPattern, UrlPattern};
use crate::grants::{Grants, ProgramGrant};
use crate::shape::formats::Complaint;

/// The longest entry, in bytes: 4 KiB, the longest path that Linux takes. Names and URLs stay far below.
pub(crate) const ENTRY_BYTES_MAX: usize = 4096;

/// Every entry of `grants`, and that no two folders have one name.
pub(crate) fn all(grants: &Grants) -> Result<(), Complaint> {
    let mut names = Vec::new();
    for folder in &grants.fs {
        folder_name(&folder.name)?;
        folder_path(&folder.path.to_string_lossy())?;
        let key = folder_key(&folder.name);
        if names.contains(&key) {
            return Err(repeated_folder(&folder.name));
        }
        names.push(key);
    }
    grants
        .net
        .connect
        .iter()
        .try_for_each(|text| connect(text))?;
    grants.net.listen.iter().try_for_each(|text| listen(text))?;
    grants.net.lookup.iter().try_for_each(|text| lookup(text))?;
    grants.net.http.iter().try_for_each(|text| http(text))?;
    grants.env.iter().try_for_each(|text| variable(text))?;
    grants.process.iter().try_for_each(program_grant)
}

/// A program with its arguments and variables.
pub(crate) fn program_grant(grant: &ProgramGrant) -> Result<(), Complaint> {
    program(&grant.program)?;
    if let Some(args) = &grant.args {
        ArgumentsPattern::parse(args).map_err(|(_, complaint)| complaint)?;
    }
    grant.env.iter().try_for_each(|text| variable(text))
}

/// A folder's name as it is compared: a component sees `/data`, `./data` and `data/` as the same place.
pub(crate) fn folder_key(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

/// What is wrong with entries beside each other. `grants` is the table that the lists stand in.
pub(crate) fn lists(grants: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    repeated_folders(grants, found);
    arguments(grants, found);
}

/// Reports wildcards under `args` that stand where they mean nothing.
fn arguments(grants: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some(DeValue::Array(programs)) = grants.get("process").map(toml::Spanned::get_ref) else {
        return;
    };
    for program in programs {
        let args = program
            .get_ref()
            .get("args")
            .and_then(|args| args.get_ref().as_array());
        let Some(args) = args else {
            continue;
        };
        let texts = args.iter().map(|text| text.get_ref().as_str());
        let Some(texts) = texts
            .map(|text| text.map(str::to_owned))
            .collect::<Option<Vec<String>>>()
        else {
            continue;
        };
        if let Err((index, complaint)) = ArgumentsPattern::parse(&texts)
            && let Some(at) = args.get(index)
        {
            found.push(Diagnostic {
                message: complaint.message,
                span: at.span(),
                label: complaint.label,
                hint: complaint.hint,
            });
        }
    }
}

/// Reports folders of one `fs` list that have the same name.
fn repeated_folders(grants: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some(DeValue::Array(folders)) = grants.get("fs").map(toml::Spanned::get_ref) else {
        return;
    };
    let mut names = Vec::new();
    for folder in folders {
        let Some(name) = folder.get_ref().get("name") else {
            continue;
        };
        let Some(text) = name.get_ref().as_str() else {
            continue;
        };
        let key = folder_key(text);
        if names.contains(&key) {
            let complaint = repeated_folder(text);
            found.push(Diagnostic::new(
                name.span(),
                complaint.message,
                complaint.label,
            ));
        }
        names.push(key);
    }
}

fn repeated_folder(name: &str) -> Complaint {
    Complaint::new(format!("two folders have the name `{name}`"), "the second")
}

pub(crate) fn folder_name(text: &str) -> Result<(), Complaint> {
    plain(text, "the name of a folder")?;
    if text.split(['/', '\\']).any(|part| part == "..") {
        let complaint = Complaint::new(
            format!("the name `{text}` of a folder leads upwards"),
            "has a part `..`",
        );
        return Err(
            complaint.hint("`name` is what the component sees; where the folder lies is `path`")
        );
    }
    Ok(())
}

pub(crate) fn folder_path(text: &str) -> Result<(), Complaint> {
    plain(text, "the path of a folder")
}

pub(crate) fn variable(text: &str) -> Result<(), Complaint> {
    plain(text, "the name of a variable")?;
    if text.contains('*') {
        return Err(Complaint::new(
            format!("`{text}` is a pattern, and variables are granted by name"),
            "has a `*`",
        )
        .hint("name each variable: env = [\"LANG\", \"LC_ALL\"]"));
    }
    if let Some((name, _)) = text.split_once('=') {
        return Err(Complaint::new(
            format!("`{text}` is not the name of a variable"),
            "has a `=`",
        )
        .hint(format!("the value is the host's own: write \"{name}\", or give a value of your own under `config`")));
    }
    Ok(())
}

pub(crate) fn program(text: &str) -> Result<(), Complaint> {
    plain(text, "the name of a program")?;
    let relative = (text.contains(['/', '\\']) || text == "." || text == "..")
        && !std::path::Path::new(text).has_root();
    if relative {
        let complaint = Complaint::new(
            format!("the program `{text}` is a relative path"),
            "neither a name nor an absolute path",
        );
        return Err(complaint.hint("a relative path means another program in another folder"));
    }
    Ok(())
}

pub(crate) fn argument(text: &str) -> Result<(), Complaint> {
    if text.is_empty() {
        return Ok(());
    }
    plain(text, "an argument")?;
    if text.matches('*').count() > 1 && text != OPERANDS {
        let complaint = Complaint::new(format!("`{text}` has more than one `*`"), "one at most");
        return Err(complaint.hint(format!(
            "`*` is any text within an argument, `{OPERANDS}` at the end any number of arguments without options, `{ANY}` at the end anything"
        )));
    }
    Ok(())
}

pub(crate) fn connect(text: &str) -> Result<(), Complaint> {
    plain(text, "an entry of `connect`")?;
    ConnectPattern::parse(text).map(drop)
}

pub(crate) fn listen(text: &str) -> Result<(), Complaint> {
    plain(text, "an entry of `listen`")?;
    ListenPattern::parse(text).map(drop)
}

pub(crate) fn lookup(text: &str) -> Result<(), Complaint> {
    plain(text, "an entry of `lookup`")?;
    HostPattern::parse_lookup(text).map(drop)
}

pub(crate) fn http(text: &str) -> Result<(), Complaint> {
    plain(text, "an entry of `http`")?;
    UrlPattern::parse(text).map(drop)
}

/// What holds for any text: it is there, it can be shown, and it is not endless.
fn plain(text: &str, what: &str) -> Result<(), Complaint> {
    if text.is_empty() {
        return Err(Complaint::new(format!("{what} is empty"), "nothing here"));
    }
    if text.len() > ENTRY_BYTES_MAX {
        let message = format!(
            "{what} has {} bytes, more than {ENTRY_BYTES_MAX}",
            text.len()
        );
        return Err(Complaint::new(message, "too long"));
    }
    if text.chars().any(char::is_control) {
        return Err(Complaint::new(
            format!("{what} holds a control character"),
            "not plain text",
        ));
    }
    Ok(())
}
