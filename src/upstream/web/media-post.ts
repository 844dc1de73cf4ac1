import { UpstreamFault } from '../../errors'
import { isObject, isText } from '../../json-value'
import type { RequestForm } from './models'
import { readAnswer, type Session } from './session'

/** What a video is made of, or an edit made from: a picture that is there, or words. */
type Subject = { readonly picture: string } | { readonly prompt: string }

/** The page of the site where pictures and videos are made. */
export const IMAGINE = '/imagine'

/**
 * Make the post that videos and edits belong to, and give its id.
 *
 * @throws UpstreamFault when grok.com makes none
 */
export async function createMediaPost(
  session: Session,
  subject: Subject,
  form: RequestForm,
): Promise<string> {
  const body = JSON.stringify(form === 'g1' ? written(subject, OLD) : written(subject, NEW))
  const response = await session.post('/rest/media/post/create', body, { referer: IMAGINE })
  const { post } = await readAnswer(response, session.signal)
  if (isObject(post) && isText(post.id)) return post.id
  throw new UpstreamFault('malformed', 'grok.com did not say what it calls the post.')
}

const OLD = { type: 'media_type', url: 'media_url' }
const NEW = { type: 'mediaType', url: 'mediaUrl' }

const written = (subject: Subject, names: typeof NEW) =>
  'picture' in subject
    ? { [names.type]: 'MEDIA_POST_TYPE_IMAGE', [names.url]: subject.picture }
    : { [names.type]: 'MEDIA_POST_TYPE_VIDEO', prompt: subject.prompt }
