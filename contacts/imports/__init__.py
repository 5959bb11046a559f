"""Imports, the front part: from a file or pasted text to clean typed rows (product.md W2, S2). No models, no pages.

The way through, in the order of use:

    source = reading.open_source(opener, options, customs)   # opener() gives a fresh seekable binary stream
    source.header, .sheets, .encoding, .sample, .header_key, .layout()      # layout() -> Options.of(layout) opens it again
    guesses = columns.guess(source.header, source.sample, customs)          # what each column seems to be, and why
    mapping = columns.preset(guesses)                                       # {column: target}; never claims consent
    problems = columns.check_mapping(mapping, len(source.header), customs)
    found = survey.survey(source, mapping, customs)          # one pass: rows, and how 03/04/2025 is to be read
    found.must_ask; orders = found.orders(chosen)            # chosen = "day", "month" or "" (ImportFile.date_order)
    convert = convert.Converter(mapping, customs, orders, source.header, today)
    for row in source.rows():                                # streamed; flat memory whatever the size
        typed = convert(row)                                 # TypedRow(number, label, values, problems)

`customs` are `columns.Custom(remote_id, name, type)` of the client. Values are the JSON values that changes carry, as
`contacts.cleaning.clean` makes them; a cell that is empty is absent from them. Whatever cannot be imported is a
`problems.Problem` (code, column, what the cell shows); a file that cannot be read raises `problems.Refused`.
`reasons.sentence(problem)` and `reasons.refusal(error)` put both into words. Every row of the file that is not empty
comes out of `rows()` exactly once, so that totals agree.

Bytes come from `cyberadmin.sync.uploads` (sealed at rest), or `reading.opener_of(b"...")`, `reading.pasted("...")`.
"""
