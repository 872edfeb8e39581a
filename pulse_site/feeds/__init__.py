"""The one import machinery, used by every feed.

reading   a file becomes a header and rows of text cells (CSV, XLSX)
mapping   header names become columns, a row of cells becomes a row of values
cells     what a cell may say; counts: the same for counts
feed      what a feed declares: its columns, its key, its checks, what becomes of its rows
staging   the rows in a temporary table; the only place where databases differ
run       all of it together: preview, import, what is kept of them
"""
