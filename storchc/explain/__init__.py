"""What ``storchc explain`` says: about stories, diagnostics and the entries of the catalogues."""
