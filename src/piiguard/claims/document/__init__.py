"""The Trust Center document: read into sentences, understood as claims, held against itself and against the code.

Pure, as all of `claims`: bytes in, values out. What a document says is data of others: its size is bounded, and nothing
that it points to is opened.
"""
