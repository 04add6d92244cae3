"""Verifying a visitor: the challenge as sites' pages and the store know it, from its issue to the token.

The pure core, `playproof.challenges`, says what a challenge is and what came of it. Here it meets the store and the judge:

* `reception.Reception`: `issue`, `take` (a batch of events), `toll` (the price of playing by anything but a mouse).
* `finishing.Finishing`: `finish`: the play is looked up among earlier ones, judged by the rules of its site, and stored with its token.
* `findings`: what speaks against a visitor beside the movement.
* `toll`: proof of work, which those pay who do not play by mouse; `rates`: how often who may ask.
* `signing`: the keys behind receipts, tokens and tolls, which all processes share.
"""
