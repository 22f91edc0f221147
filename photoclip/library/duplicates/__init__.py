"""Photos that are there more than once, in four tiers, each with its evidence and the one to keep.

    identical   files of the same bytes: one photo, which lies at several paths
    same        one picture, saved again: in another format, size or quality, cropped or brightened a little
    burst       taken by one camera within seconds, and alike
    similar     alike, whenever they were taken

`table` reads what is known, `preference` puts it in the order in which it would be kept, `near` tells which
are near each other, `stars` makes groups of that, and `find` goes through the tiers. A group is a keeper and
those that are near the keeper itself, so that no chain of small steps joins what is not alike. In each tier a
photo is in one group at most; what a stronger tier would let go is not looked at by a weaker one.
"""
