import { createFilming } from './api/videos/filming'
import { createKeptFilms } from './api/videos/kept'
import { createOpenVideo } from './api/videos/open-video'
import { videoRoutes } from './api/videos/routes'
import { createVideoRunner } from './api/videos/runner'
import { createVideos, type Kept } from './api/videos/service'
import { newId } from './crypto'
import type { Forms } from './http/form'
import { faultFields } from './log'
import type { Inputs } from './media/inputs'
import type { MediaSurfaceParts } from './media-surface'
import { createReach } from './state/reach'

interface VideoSurfaceParts extends MediaSurfaceParts {
  readonly inputs: Inputs
  readonly forms: Forms
  /** Answers with the bytes of something that is kept. */
  readonly serveKept: (request: Request, kept: Kept) => Promise<Response>
}

/** `/v1/videos`, and what goes on behind it. */
export function createVideoSurface(parts: VideoSurfaceParts) {
  const { platform, stores, works, media, settings, serveKept } = parts
  const { now, later, log, objects } = platform
  const { cache, links, files, loadOwn } = media
  const rows = stores.videos
  const reach = createReach((cause) => log.warn('database_unreachable', faultFields(cause)))
  const openVideo = createOpenVideo({ files, loadOwn, links, settings })
  const kept = createKeptFilms({ ...parts, files, openVideo, reach, now })
  const shared = { rows, kept, settings, reach, now, newId, log }
  const filming = createFilming({ ...shared, works, publish: cache.publish })
  const runner = createVideoRunner({ ...parts, ...shared, filming, later })
  const videos = createVideos({
    ...{ ...parts, ...shared, runner },
    ...{ media: stores.media, objects, links },
  })
  return { routes: videoRoutes({ ...parts, videos, serve: serveKept }), runner }
}
