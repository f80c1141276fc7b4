/** A model's file that cannot be used, in words for people: which file, why, what to do. */
export class ModelError extends Error {
  override name = 'ModelError'
}
