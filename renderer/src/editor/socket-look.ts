// Colours and shapes by type, as ComfyUI's users know them. The shape says the same as the colour.

export type SocketShape = 'circle' | 'square' | 'diamond' | 'triangle' | 'hexagon' | 'pentagon'

const looks: Record<string, [colour: string, shape: SocketShape]> = {
  MODEL: ['model', 'hexagon'],
  CLIP: ['clip', 'triangle'],
  CLIP_VISION: ['clip', 'triangle'],
  VAE: ['vae', 'pentagon'],
  CONDITIONING: ['conditioning', 'circle'],
  LATENT: ['latent', 'diamond'],
  IMAGE: ['image', 'square'],
  MASK: ['mask', 'square'],
  UPSCALE_MODEL: ['model', 'hexagon'],
  CONTROL_NET: ['mask', 'hexagon'],
}

/** A `A,B` type looks like its first part. */
const lookOf = (type: string) => looks[type] ?? looks[type.split(',')[0]!.trim()]

export const socketColour = (type: string): string =>
  `var(--socket-${lookOf(type)?.[0] ?? 'plain'})`

export const socketShape = (type: string): SocketShape => lookOf(type)?.[1] ?? 'circle'

/** Types that read well: `CONDITIONING` → `conditioning`, `*` → `anything`. */
export const typeWords = (type: string): string =>
  type === '*' ? 'anything' : type.toLowerCase().replaceAll('_', ' ').replaceAll(',', ' or ')
