//! The note that a fetch leaves.

#![no_main]

vae_fuzz::target!(
    vec![br#"{"source": "zenodo:7", "url": "https://zenodo.org", "title": null, "license": null, "downloads": [], "files": [{"path": "a.txt", "size": 3, "checksum": "md5:900150983cd24fb0d6963f7d28e17f72"}]}"#.to_vec()],
    |bytes| {
        vae_fuzz::with_file(vae_hub::RECEIPT, bytes, |path| {
            let folder = path.parent().expect("a folder");
            if let Ok(Some(receipt)) = vae_hub::Receipt::read(folder) {
                let _ = receipt.verify(folder, &mut |_| {});
            }
        });
    }
);
