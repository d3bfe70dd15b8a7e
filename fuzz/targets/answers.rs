//! Records as a site describes them.

#![no_main]

vae_fuzz::target!(
    vec![br#"{"metadata": {"title": "Beams"}, "files": [{"key": "a.zip", "size": 3, "checksum": "md5:900150983cd24fb0d6963f7d28e17f72", "links": {"self": "https://zenodo.org/a.zip"}}]}"#.to_vec()],
    |bytes| drop(vae_hub::Record::parse(&String::from_utf8_lossy(bytes), vae_hub::ZENODO, 7))
);
