"""The catalog: what PhotoClip knows, in one SQLite file, with every change undoable.

Three things are kept apart. A *photo* is a stable id; labels, albums and ratings hang on it. A *file* is
a path, in bytes. A *content* is a hash; vectors and thumbnails hang on it. What happens on disk decides so:

    what is seen                                     what it means
    a path never seen, content never seen            a new photo
    a path never seen, content of a known photo      a further file of that photo (a copy)
    ... and the old path is gone                     the same photo, moved: the old path is forgotten
    a known path, content never seen                 the same photo, edited
    ... while a copy still holds the old content     the edited file is a photo of its own from now on,
                                                     with the human labels, albums and rating copied
    such a copy comes back unedited, later           likewise: a photo of its own
    a known path, content of another known photo     the file is that photo's (two files swapped names)
    a known path is gone                             the photo is missing, and keeps all that was said
    content of a missing photo appears anywhere      the photo is back
    a folder is removed                              its photos are hidden, until it is added again
    a RAW file or a short video beside a picture     one photo of the two, where pairing.py says so
    of the same name

docs/identity.md goes through the cases, and says why each was decided so.
"""
