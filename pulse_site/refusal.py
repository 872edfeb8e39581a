class Refused(Exception):
    """What was asked can't be done; the message tells a person why and what to do instead.

    Job modules raise it for bad input and for moves that the rules forbid; commands exit with 1, the admin
    and the portal show the message. Nothing has been written when it is raised.
    """
