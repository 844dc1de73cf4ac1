import { ApiError } from '../../errors'
import type { Attachment } from './attachments'
import { editPictures } from './edit'
import { NEW_CONVERSATION, openingBody } from './request'
import type { Session } from './session'
import type { Task } from './task'
import { placeOf, type Uploaded, type Uploads } from './uploads'
import { makeVideo } from './video'

interface WorkParts {
  readonly uploads: Uploads
  readonly assetUrl: (path: string) => string
}

/** Has grok.com begin to answer, to draw, to change pictures or to film. */
export function createWorks({ uploads, assetUrl }: WorkParts) {
  function ask(session: Session, task: Task, files: readonly Uploaded[]): Promise<Response> {
    const { model, form, manner, temporary, message, work } = task
    const { mode, search, draw } = manner
    const fileIds = files.map(({ id }) => id)
    const isEdit = work === 'edit'
    const body = openingBody(form, {
      model,
      mode,
      message: isEdit ? EDIT + task.wish : message,
      fileIds,
      temporary,
      search,
      draw,
      ...(work === 'image' && { tools: { imageGen: true } }),
    })
    return session.post(NEW_CONVERSATION, body)
  }

  function run(session: Session, task: Task, files: readonly Uploaded[]): Promise<Response> {
    const { work, form, wish: prompt, temporary, video: config } = task
    if (work === 'video')
      return makeVideo(session, { prompt, pictures: files, config, temporary }, { form, assetUrl })
    const [first, ...others] = files
    if (work !== 'edit' || form === 'g1' || !first) return ask(session, task, files)
    const addressOf = (file: Uploaded) => assetUrl(placeOf(file))
    const pictures = [addressOf(first), ...others.map(addressOf)] as const
    return editPictures(session, { prompt, pictures, temporary })
  }

  /** @throws UpstreamFault when it is not begun */
  return async (session: Session, task: Task, files: readonly Attachment[]): Promise<Response> => {
    if (task.work === 'video' || task.work === 'edit') needPictures(files)
    return await uploads.use(session, files, (uploaded) => run(session, task, uploaded))
  }
}

/** How the web app of the first generation has a model that chats change a picture. */
export const EDIT = 'Image Edit: '

/** Only pictures can be changed, or begin a video. */
function needPictures(files: readonly Attachment[]): void {
  const other = files.find(({ isPicture }) => !isPicture)
  if (!other) return
  const { param } = other
  throw new ApiError('invalid_value', `This model takes pictures only: '${param}' is none.`, {
    param,
  })
}
