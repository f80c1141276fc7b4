// Which tiny autoencoders lie in `vae_approx`, by the names that ComfyUI's VAELoader gives them.

/** The latents that a pair of files was trained on: stored = (vae − shift)·scale. */
export interface TaesdLatent {
  scale: number
  shift: number
}

export const taesdLatents = {
  taesd: { scale: 0.18215, shift: 0 },
  taesdxl: { scale: 0.13025, shift: 0 },
  taesd3: { scale: 1.5305, shift: 0.0609 },
  taef1: { scale: 0.3611, shift: 0.1159 },
} satisfies Record<string, TaesdLatent>

export type TaesdName = keyof typeof taesdLatents

export const isTaesd = (name: string): name is TaesdName => Object.hasOwn(taesdLatents, name)

/** The file of one half, `taesd_decoder.safetensors` or `.pth`. */
export const taesdFile = (
  files: readonly string[],
  name: TaesdName,
  half: 'encoder' | 'decoder',
): string | undefined => files.find(file => file.startsWith(`${name}_${half}.`))

/** Names of which both halves are there. */
export const taesdNames = (files: readonly string[]): TaesdName[] =>
  (Object.keys(taesdLatents) as TaesdName[]).filter(
    name => taesdFile(files, name, 'encoder') && taesdFile(files, name, 'decoder'),
  )
