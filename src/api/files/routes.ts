import { Elysia } from 'elysia'
import { type KeyHandlers, type OfId, queryOf } from '../../http/key-handlers'
import {
  answers,
  askFailures,
  failure,
  listParameters,
  objectFailures,
  operation,
  pathParameter,
  writeFailures,
} from '../../http/operation'
import { CreateFile, DeletedFile, FileList, FileObject } from './schema'
import type { FilesApi } from './service'

interface FileRouteParts {
  readonly files: FilesApi
  readonly handlers: KeyHandlers
}

const ID = pathParameter('id', 'file-…')

const PARAMETERS = [
  {
    name: 'purpose',
    in: 'query' as const,
    description: 'Only those that are for this.',
    schema: { type: 'string' as const },
  },
  {
    ...listParameters[0],
    name: 'limit',
    in: 'query' as const,
    schema: { type: 'integer' as const, minimum: 1, maximum: 10_000, default: 10_000 },
  },
  ...listParameters.slice(1),
]

/** `/v1/files` and what belongs to it. */
export const fileRoutes = ({ files, handlers }: FileRouteParts) =>
  new Elysia({ prefix: '/v1/files', tags: ['Files'] })
    .post(
      '',
      handlers((request, { key }) => files.create(key.id, request)),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createFile',
          summary: 'Upload a file',
          description:
            'Name it by its id in parts of messages (`input_file`, `input_image`, `file`) and among the pictures of an edit.',
          form: CreateFile,
          answers: {
            200: answers('The file.', FileObject),
            ...writeFailures,
            413: failure('The file is too large.', 'file_too_large', 'The file is too large.'),
            415: failure(
              'The body is no form.',
              'unsupported_media_type',
              'The body must be a form.',
            ),
            429: failure(
              'The files of this key would be too large together.',
              'storage_full',
              'The files of this API key may not be larger than 4294967296 bytes together.',
            ),
            503: objectFailures[503],
          },
        }),
      },
    )
    .get(
      '',
      handlers((request, { key }) => files.list(key.id, queryOf(request))),
      {
        detail: operation({
          operationId: 'listFiles',
          summary: 'List files',
          description: 'The newest come first unless `order` says otherwise.',
          parameters: PARAMETERS,
          answers: { 200: answers('The files.', FileList), ...askFailures },
        }),
      },
    )
    .get(
      '/:id',
      handlers((_, { key }, { id }: OfId) => files.get(key.id, id)),
      {
        detail: operation({
          operationId: 'getFile',
          summary: 'Look a file up',
          parameters: [ID],
          answers: { 200: answers('The file.', FileObject), ...objectFailures },
        }),
      },
    )
    .get(
      '/:id/content',
      handlers((_, { key }, { id }: OfId) => files.content(key.id, id)),
      {
        detail: operation({
          operationId: 'downloadFile',
          summary: 'Download a file',
          parameters: [ID],
          answers: {
            200: {
              description: 'Its bytes, as an attachment.',
              content: { 'application/octet-stream': { schema: CreateFile.properties.file } },
            },
            ...objectFailures,
          },
        }),
      },
    )
    .delete(
      '/:id',
      handlers((_, { key }, { id }: OfId) => files.remove(key.id, id)),
      {
        detail: operation({
          operationId: 'deleteFile',
          summary: 'Delete a file',
          description: 'Turns that name it are refused from then on.',
          parameters: [ID],
          answers: { 200: answers('It is gone.', DeletedFile), ...objectFailures },
        }),
      },
    )
