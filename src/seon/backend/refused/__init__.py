"""Certificates that servers have refused: kept so that an administrator can make partners of them."""
