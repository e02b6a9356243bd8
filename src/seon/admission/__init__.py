"""Who may enter. Pure decisions: certificate to identity, identity to partner, counts to limits. No I/O, no clock."""
