"""Django's PostgreSQL with connections that are kept between calls; Django asks for `base`."""
