"""Who logs in, and how: people and their addresses, second factors, and the pages about one's own account.

Log-in itself is django-allauth's, for the portal and the admin alike; here stands what Pulse wants of it.
"""
