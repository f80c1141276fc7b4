/** A 24,000-pixel side or 16,383² pixels is more than a workflow here can use. */
export const limits = {
  side: 24_000,
  pixels: 16_383 ** 2,
  fileBytes: 2 ** 30,
  frames: 4096,
} as const

/** Says which picture, what is wrong with it and what to do. */
export class PictureError extends Error {
  override name = 'PictureError'
}
