"""The AWS wire protocols, driven by botocore's service models.

``protocols.Protocols`` is the door. Behind it ``route`` names the operation, ``parse`` turns a
request into the operation's input (``parse_json``, ``parse_query``, ``parse_rest``; ``validate``
holds it to the model), ``serialize`` turns an output into a response, ``errors`` a refusal.
"""
