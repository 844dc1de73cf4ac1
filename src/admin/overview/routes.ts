import { Elysia } from 'elysia'
import { html } from '../html'
import type { AdminParts } from '../parts'
import { shell } from '../shell'
import { overviewWords } from './words'

/** `GET /admin`: how the gateway does, and what needs attention. */
export const overviewRoutes = ({ handlers }: AdminParts) =>
  new Elysia({ detail: { hide: true } }).get(
    '/admin',
    handlers.page((view) =>
      shell(view, { title: overviewWords[view.language].title, main: html`` }),
    ),
  )
