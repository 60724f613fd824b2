"""What the use cases need from the world: time, ids, storage, a bus, blobs, keys.

A use case changes the store through ``Store.write``: one function of one ``Transaction``, run
as a whole or not at all, next to no other. Every table of a transaction belongs to one account,
so a query without a tenant cannot be written. ``Directory`` answers the only questions that come
before the tenant is known, and answers them with an account id alone.
"""
