"""The one gate: whatever another party sent is checked here before a library, native code or the own rows meet it.

============================  ===========================  ====================================================
what comes                    from                         checked by
============================  ===========================  ====================================================
a question and its plan       coordinator                  :mod:`.questions`, against the company's own files
a call to train exactly       coordinator                  :mod:`.questions`
models and trees              coordinator, companies       :mod:`.trees`
hellos, digests, signatures   companies                    :mod:`.messages`
split records                 companies                    :mod:`.splits`, of the features that :mod:`.shares` gives them
sums over all companies       companies, under masks       :mod:`.sums`
frames, notes of progress     relay, companies             ``exact/frames.py``, ``exact/progress.py``
============================  ===========================  ====================================================

A message that is one company's own names its sender (:class:`.Forged`); of a sum nobody can tell whose part is wrong, so it
names nobody (:class:`.Implausible`).
"""
