import { existsSync, mkdtempSync, rmdirSync, statfsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../config'
import { directoryProblem } from '../media/directory-fault'
import { bad, type Finding, good } from './finding'
import { mediaPath } from './paths'

const MB = 1024 * 1024

/** Whether pictures, videos and files can be kept, and how much room there is. Nothing stays behind. */
export function checkMedia(config: Config, leastFree: number): Finding {
  const path = mediaPath(config)
  if (path === undefined) return good('pictures, videos and files are kept in the database')
  const there = existing(resolve(path))
  try {
    rmdirSync(mkdtempSync(join(there, 'groxy-doctor-')))
    const { bavail, bsize } = statfsSync(there)
    const free = bavail * bsize
    const line = `pictures, videos and files at ${path}: ${Math.floor(free / MB)} MB free`
    return free > leastFree
      ? good(line)
      : bad(line, 'Free some space, or set image_cache_max_mb and video_cache_max_mb lower.')
  } catch (cause) {
    const problem = directoryProblem(path, cause)
    if (!problem) throw cause
    return bad(problem.message, problem.remedy)
  }
}

/** The directory, or the one that it will be made in. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path))
}
