// The ledger has no index but its ids, which follow time.

/** The first and the last id. In two questions: SQLite answers each from the end of the table that it is about. */
export const ENDS =
  'SELECT (SELECT min(id) FROM ledger) AS first, (SELECT max(id) FROM ledger) AS last'

const MIDDLE = '(low + high) / 2'
const EARLIER = `(SELECT at FROM ledger WHERE id >= ${MIDDLE} ORDER BY id LIMIT 1) < ?1`

/** About the first id since a time: by halves, in one question, for over a network each is a journey. */
export const FIRST_SINCE = `WITH RECURSIVE half(low, high) AS (
    SELECT (SELECT min(id) FROM ledger), (SELECT max(id) + 1 FROM ledger)
    UNION ALL
    SELECT iif(${EARLIER}, ${MIDDLE} + 1, low), iif(${EARLIER}, high, ${MIDDLE}) FROM half
    WHERE low < high)
  SELECT max(low) AS first FROM half`
