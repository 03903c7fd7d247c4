"""Say "run this workflow at that time", with the repository's issues as the queue.

The rooms, and who may enter which: ``errors`` and ``model`` are everybody's; the core
(``frontmatter``, ``when``, ``conditions``, ``journal``, ``policy``, ``recovery``, ``target``,
``trust``, ``report``) is pure and takes time as an argument; ``engine``, ``lifecycle``,
``claims`` and ``settlement`` perform what ``policy`` decides, through the protocols of ``gateway``;
``github_http`` and ``github_queue`` are those protocols over PyGithub; ``connect``,
``create``, ``manage``, ``cli`` and ``action`` wire. ``sandbox`` is a room of its own.
"""

__version__ = "0.1.0"
