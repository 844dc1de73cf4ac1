import type { PictureRequest, PictureSize } from '../../turn/picture'
import type { Delivered } from './delivery'

/** What is said of pictures besides themselves. */
interface About {
  readonly size: string | undefined
  readonly quality: string | undefined
  readonly background: string | undefined
  readonly output_format: string | undefined
}

/** What an upstream says of its pictures. */
export type Said = Readonly<Record<string, unknown>>

/** What pictures are: as their bytes show, else as their upstream says. Nothing is made up. */
export function aboutAll(pictures: readonly Delivered[], said: Said): About {
  return {
    size: same(pictures.map(({ size }) => size && sizeText(size))) ?? text(said.size),
    quality: text(said.quality),
    background: text(said.background),
    output_format: same(pictures.map(({ format }) => format)) ?? text(said.output_format),
  }
}

/** The same of one picture in a stream, whose events have to say something: else what was wished for. */
export function aboutOne(picture: Delivered, said: Said, wanted: PictureRequest) {
  const { size, quality, background, output_format: format } = aboutAll([picture], said)
  const wished = text(wanted.others.background)
  return {
    size: size ?? (wanted.size ? sizeText(wanted.size) : 'auto'),
    quality: quality ?? wanted.quality ?? 'auto',
    background: background ?? wished ?? 'auto',
    output_format: format ?? wanted.outputFormat ?? 'png',
  }
}

/** What holds for all of some; undefined where they differ, or one is not known. */
const same = (all: readonly (string | undefined)[]): string | undefined =>
  all.every((one) => one === all[0]) ? all[0] : undefined

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value !== 'auto' ? value : undefined

const sizeText = ({ width, height }: PictureSize): string => `${width}x${height}`
