import type { AnyElysia } from 'elysia'
import { accountBatches } from './admin/batches/kinds'
import { createPasswords } from './admin/passwords'
import { createLinkToken } from './admin/setup/link-token'
import type { AdminSurface, AdminSurfaceParts } from './admin-surface'
import { newId } from './crypto'
import { createBatches } from './jobs/batches'
import { createAccountLookup } from './operator/account-lookup'
import type { Asking } from './operator/asking'

type Handle = (request: Request) => Response | Promise<Response>

type Made = 'passwords' | 'linkToken' | 'accountLookup' | 'asking' | 'batches'

interface AdminDoorParts extends Omit<AdminSurfaceParts, Made> {
  /** Read again which models accounts offer. */
  readonly learnModels: () => Promise<void>
}

/** What the admin surface answers: all below these, and the paths that lead there. */
const OURS = /^\/(?:admin|setup|login|manage|[?#]|$)/
const LONGEST = '/manage'.length

/** A Worker may ask so much, and run so long, before it is stopped. */
const SLICE = { items: 20, ms: 20_000 } as const

/**
 * The way to the admin surface, and what of it is needed without anybody asking. The surface itself is
 * half of all code and most of all routes, and many a process never shows it: so it is loaded when it is first
 * asked for, but where the platform has it at hand because nothing may be made late.
 */
export function createAdminDoor(parts: AdminDoorParts) {
  const { platform, stores, settings } = parts
  const { config, now, later, log, canProxy } = platform
  const passwords = createPasswords({
    ofEnvironment: config.ADMIN_PASSWORD,
    settings: stores.settings,
    mostMemory: platform.hashMemory,
    now,
  })
  const asking = (signal?: AbortSignal): Asking => ({
    ...{ upstreams: parts.upstreams, settings: settings(), canProxy, signal },
  })
  const accountLookup = createAccountLookup({ config, vault: parts.vault, stores, settings })
  const batches = createBatches({
    store: stores.batches,
    kinds: accountBatches({ ...parts, lookup: accountLookup, asking, now }),
    ...{ now, random: platform.random, instance: parts.instance, newId, later, log },
    slice: platform.sharesWork ? undefined : SLICE,
  })

  const linkToken = createLinkToken({ settings: stores.settings, vault: parts.vault })
  const own: AdminSurfaceParts = {
    ...{ ...parts, passwords, linkToken },
    ...{ accountLookup, asking, batches },
  }
  const atHand = platform.adminSurface?.(own)
  let onItsWay: Promise<AdminSurface> | undefined

  function surface(): AdminSurface | Promise<AdminSurface> {
    if (atHand) return atHand
    onItsWay ??= import('./admin-surface').then(({ createAdminSurface }) => createAdminSurface(own))
    return onItsWay
  }

  return {
    batches,

    /** The secret of the link by which a password is set: one for all instances. */
    setupToken: linkToken.offer,

    /** Whether the operator still has to choose a password. */
    needsSetup: async (): Promise<boolean> => !(await passwords.isSet()),

    /** What the surface consists of. */
    routes: async (): Promise<AnyElysia> => (await surface()).routes,

    /** Leads to the surface who asks for it, and everybody else on. */
    before:
      (handle: Handle): Handle =>
      (request) => {
        const at = request.url.indexOf('/', 'https://'.length)
        if (!OURS.test(request.url.slice(at, at + LONGEST))) return handle(request)
        return enter(request)
      },
  }

  async function enter(request: Request): Promise<Response> {
    return (await surface()).fetch(request)
  }
}

export type AdminDoor = ReturnType<typeof createAdminDoor>
