/** Microseconds in a clock tick of `/proc`. */
const TICK_MICROS = 10_000

/** CPU time of a process with all its threads, in microseconds; NaN where there is no `/proc`. */
export async function cpuMicros(pid: number): Promise<number> {
  const stat = await readProc(pid, 'stat')
  // The program's name comes in brackets and may hold anything.
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14)
  return (Number(user) + Number(system)) * TICK_MICROS
}

/** Memory of a process in MB, its share of shared pages counted; NaN where there is no `/proc`. */
export async function pssMb(pid: number): Promise<number> {
  const rollup = await readProc(pid, 'smaps_rollup')
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]) / 1024
}

const readProc = (pid: number, name: string): Promise<string> =>
  Bun.file(`/proc/${pid}/${name}`)
    .text()
    .catch(() => '')

/** What a libSQL server has written for its database, its log apart, in bytes. */
export async function databaseBytes(folder: string): Promise<number> {
  const files = ['data', 'data-wal'].map((name) => Bun.file(`${folder}/data/dbs/default/${name}`))
  const sizes = await Promise.all(files.map((file) => file.stat().catch(() => ({ size: 0 }))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}
