// Between light and sRGB's codes. https://www.w3.org/TR/css-color-4/#color-conversion-code

/** A code of 0..1 for linear light; above 1 it goes on along the same curve. */
export const toSrgb = (light: number): number =>
  light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055
