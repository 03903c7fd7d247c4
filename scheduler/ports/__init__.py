"""What the core needs of the world: a clock, and GitHub in small parts.

The parts are composed by who needs them: `Queue` is what one tick needs, `HeldQueue` what a
tick that stays needs, `CommandQueue` what a command needs.

Every method may raise ``NotPermitted``, ``RateLimited`` and ``Unavailable``; what else it
raises stands with it. A read that failed may be repeated; a write may not, unless it is
absolute (it says what the result is to be, whatever stood there before). Instants are in UTC;
those that GitHub tells have whole seconds.
"""
