//! Records as Zenodo's public API describes them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vae_base::paths;

use crate::checksum::{Checksum, UnknownChecksum};
use crate::error::HubError;
use crate::note::is_receipt;

/// The site itself.
pub const ZENODO: &str = "https://zenodo.org";

/// A published file: what is needed to get it and to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its checksum.
    pub checksum: Checksum,
    /// Its address.
    pub url: String,
}

/// A published record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: u64,
    /// The address that described it.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// The terms of use, as the publisher abbreviates them.
    pub license: Option<String>,
    /// Its files.
    pub files: Vec<RemoteFile>,
}

impl Record {
    /// The address that describes record `id` of a site.
    pub fn address(site: &str, id: u64) -> String {
        format!("{}/api/records/{id}", site.trim_end_matches('/'))
    }

    /// Reads a description.
    ///
    /// Three forms are understood: `files` as a list with `key`, `size`, `checksum` and
    /// `links.self` (the public API), with `filename`, `filesize` and `links.download` (its older
    /// form), and `files.entries` (the form of the software below). `site` takes the place of
    /// zenodo.org in the addresses of the files.
    ///
    /// # Errors
    ///
    /// [`HubError::Answer`] for anything else, for a record without public files, and for file
    /// names that are paths.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_hub::{Record, ZENODO};
    ///
    /// let answer = r#"{"metadata": {"title": "Beams", "license": {"id": "cc-by-4.0"}}, "files": [{"key": "beams.zip", "size": 3,
    ///     "checksum": "md5:900150983cd24fb0d6963f7d28e17f72", "links": {"self": "https://zenodo.org/api/records/7/files/beams.zip/content"}}]}"#;
    /// let record = Record::parse(answer, ZENODO, 7)?;
    /// assert_eq!((record.files[0].name.as_str(), record.files[0].size), ("beams.zip", 3));
    /// # Ok::<(), vae_hub::HubError>(())
    /// ```
    pub fn parse(answer: &str, site: &str, id: u64) -> Result<Self, HubError> {
        let url = Self::address(site, id);
        let wrong = |why: String| HubError::Answer { url: url.clone(), why };
        let answer: Value =
            serde_json::from_str(answer).map_err(|error| wrong(error.to_string()))?;
        let listed = list(&answer).ok_or_else(|| wrong("there is no list of files".into()))?;
        let mut files = Vec::new();
        let mut names = BTreeSet::new();
        for entry in listed {
            let number = files.len() + 1;
            let file =
                remote_file(entry, site).map_err(|why| wrong(format!("file {number}: {why}")))?;
            if !names.insert(file.name.to_lowercase()) {
                return Err(wrong(format!("file {number}: another file has the same name")));
            }
            files.push(file);
        }
        if files.is_empty() {
            return Err(wrong("it has no public files".into()));
        }
        let metadata = &answer["metadata"];
        let license =
            [&metadata["license"]["id"], &metadata["license"], &metadata["rights"][0]["id"]];
        let title = [&metadata["title"], &answer["title"]];
        Ok(Self { id, title: text(title), license: text(license), files, url })
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).fold(0, u64::saturating_add)
    }
}

/// The list of files, in any of the forms.
fn list(answer: &Value) -> Option<Vec<&Value>> {
    match (&answer["files"], &answer["files"]["entries"]) {
        (Value::Array(files), _) | (_, Value::Array(files)) => Some(files.iter().collect()),
        (_, Value::Object(files)) => Some(files.values().collect()),
        _ => answer["entries"].as_array().map(|files| files.iter().collect()),
    }
}

fn remote_file(entry: &Value, site: &str) -> Result<RemoteFile, String> {
    let name = text([&entry["key"], &entry["filename"]]).ok_or("it has no name")?;
    let shown: String = name.chars().take(80).collect();
    let path = paths::file_name(&name).map_err(|why| format!("{shown:?}: {why}"))?;
    if is_receipt(&path) {
        return Err(format!("{shown:?} is the name of the note on what was fetched"));
    }
    let missing = |what: &str| format!("{shown:?} has no {what}");
    let size = [&entry["size"], &entry["filesize"]]
        .into_iter()
        .find_map(Value::as_u64)
        .ok_or_else(|| missing("size"))?;
    let checksum = text([&entry["checksum"]]).ok_or_else(|| missing("checksum"))?;
    let checksum =
        checksum.parse().map_err(|error: UnknownChecksum| format!("{shown:?}: {error}"))?;
    let links = &entry["links"];
    let url = text([&links["content"], &links["download"], &links["self"]])
        .ok_or_else(|| missing("address"))?;
    let url = match url.strip_prefix(ZENODO) {
        Some(rest) if rest.starts_with('/') => format!("{}{rest}", site.trim_end_matches('/')),
        _ => url,
    };
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(format!("{shown:?}: its address is neither http nor https"));
    }
    Ok(RemoteFile { name, size, checksum, url })
}

/// The first candidate that is a text.
fn text<const N: usize>(candidates: [&Value; N]) -> Option<String> {
    candidates.into_iter().find_map(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn parse(answer: &Value) -> Result<Record, HubError> {
        Record::parse(&answer.to_string(), "http://mirror/", 7)
    }

    #[test]
    fn all_three_forms_say_the_same() {
        let content = format!("{ZENODO}/api/records/7/files/a.zip/content");
        let forms = [
            json!({"files": [{"key": "a.zip", "size": 3, "checksum": format!("md5:{MD5}"), "links": {"self": content}}]}),
            json!({"files": [{"filename": "a.zip", "filesize": 3, "checksum": MD5, "links": {"download": content}}]}),
            json!({"files": {"enabled": true, "entries": {"a.zip": {"key": "a.zip", "size": 3, "checksum": format!("md5:{MD5}"),
                "links": {"self": "http://elsewhere/metadata", "content": content}}}}}),
            json!({"entries": [{"key": "a.zip", "size": 3, "checksum": format!("md5:{MD5}"), "links": {"content": content}}]}),
        ];
        for form in &forms {
            let files = parse(form).unwrap().files;
            let expected = RemoteFile {
                name: "a.zip".into(),
                size: 3,
                checksum: MD5.parse().unwrap(),
                url: "http://mirror/api/records/7/files/a.zip/content".into(),
            };
            assert_eq!(files, [expected], "{form}");
        }
    }

    #[test]
    fn title_and_license_in_all_their_places() {
        let file = json!({"key": "a", "size": 3, "checksum": MD5, "links": {"self": "http://x/a"}});
        for metadata in [
            json!({"title": "T", "license": {"id": "cc-by-4.0"}}),
            json!({"title": "T", "license": "cc-by-4.0"}),
            json!({"title": "T", "rights": [{"id": "cc-by-4.0"}]}),
        ] {
            let record = parse(&json!({"metadata": metadata, "files": [file]})).unwrap();
            assert_eq!(
                (record.title.as_deref(), record.license.as_deref()),
                (Some("T"), Some("cc-by-4.0"))
            );
        }
    }

    #[test]
    fn what_is_no_record_is_refused_with_a_reason() {
        let file = |key: &str, value: Value| {
            let mut file =
                json!({"key": "a", "size": 3, "checksum": MD5, "links": {"self": "http://x/a"}});
            file[key] = value;
            json!({"files": [file]})
        };
        for (answer, reason) in [
            (json!([]), "no list of files"),
            (json!({"status": 404, "message": "PID does not exist."}), "no list of files"),
            (json!({"files": []}), "no public files"),
            (json!({"files": [7]}), "no name"),
            (file("key", json!("../../etc/passwd")), "leaves the folder"),
            (file("key", json!("/etc/passwd")), "absolute"),
            (file("key", json!("a/b")), "is a path"),
            (file("size", json!(-1)), "no size"),
            (file("size", json!("3")), "no size"),
            (file("checksum", json!("crc32:1")), "crc32:1"),
            (file("checksum", Value::Null), "no checksum"),
            (file("links", Value::Null), "no address"),
            (file("links", json!({"self": "file:///etc/passwd"})), "neither http nor https"),
        ] {
            let error = parse(&answer).unwrap_err();
            assert!(
                matches!(&error, HubError::Answer { why, .. } if why.contains(reason)),
                "{answer}: {error}"
            );
        }
        assert!(Record::parse("<html>", ZENODO, 7).is_err());
        assert!(Record::parse(&"[".repeat(100_000), ZENODO, 7).is_err());
    }
}
