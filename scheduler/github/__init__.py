"""GitHub by HTTP: the one place that knows its addresses, its answers and its limits.

``transport`` and ``client`` send a request and make of its answer a value or an error;
``objects`` makes values of JSON. Above them stands one part for each kind of thing that
GitHub has, over one `client.Api`: ``issues`` (with ``poll``), ``comments`` (with ``written``),
``labels``, ``people``, ``actions``, ``contents``, ``pulls``. ``queue`` composes them into what
`scheduler.ports` asks. ``workflow_commands`` is what a run of GitHub Actions prints.
"""
