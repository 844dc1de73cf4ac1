import type { Counts } from './counting-proxy'
import type { measureDatabase } from './database'
import { table } from './report'

type Figures = Awaited<ReturnType<typeof measureDatabase>>

/** What costs what, as Markdown. */
export function reportDatabase({ idle, turns, writes, large }: Figures): string {
  const minute = (count: (counts: Counts) => number) => count(idle) / idle.minutes
  return [
    'An idle instance, by the minute:',
    table(
      ['requests', 'statements', 'rows written', 'rows read', 'bytes sent', 'bytes received'],
      [
        [
          minute(({ requests }) => requests),
          minute(({ statements }) => statements),
          minute(({ rowsWritten }) => rowsWritten),
          minute(({ rowsRead }) => rowsRead),
          minute(({ sent }) => sent),
          minute(({ received }) => received),
        ],
      ],
    ),
    'A turn, without what an idle instance asks:',
    table(
      [
        ...['turn', 'turns/s', 'bad', 'requests', 'statements', 'rows written', 'rows read'],
        ...['bytes sent', 'received', 'kept', 'sqld CPU µs'],
      ],
      turns.flatMap(({ name, slow, fast }) =>
        [slow, fast].map((figures) => [
          name,
          figures.perSecond,
          figures.bad,
          figures.requests,
          figures.statements,
          figures.writes,
          figures.reads,
          figures.sent,
          figures.received,
          figures.grown,
          figures.sqldMicros,
        ]),
      ),
    ),
    'What the server writes at most:',
    table(
      ['batches at once', 'turns of each', 'batches/s', 'turns/s', 'bytes a turn', 'CPU µs a turn'],
      writes.map((row) => [
        String(row.atOnce),
        row.turns,
        row.batchesPerSecond,
        row.turnsPerSecond,
        row.bytes,
        row.sqldMicros,
      ]),
    ),
    `With ${large.amount.accounts} accounts, an instance within five seconds:`,
    table(
      ['when', 'statements', 'rows read', 'bytes received', 'CPU ms', 'sqld CPU ms'],
      large.changes.map((one) => [
        one.name,
        one.statements,
        one.rowsRead,
        one.received,
        one.cpuMs,
        one.sqldMs,
      ]),
    ),
    table(
      ['page', 'requests', 'statements', 'rows read', 'bytes received'],
      large.pages.map((page) => [
        page.path,
        page.requests,
        page.statements,
        page.rowsRead,
        page.received,
      ]),
    ),
  ].join('\n\n')
}
