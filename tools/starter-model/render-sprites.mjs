// Fluent emoji (MIT) from npm packages -> sprites/flat/NAME.png and sprites/3d/NAME.webp.
// Usage: node render-sprites.mjs OUTPUT_FOLDER
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Resvg } from '@resvg/resvg-js'

const require = createRequire(import.meta.url)
const spriteSizePx = 128
const outputFolder = process.argv[2] ?? 'sprites'
const { objects } = JSON.parse(fs.readFileSync(new URL('concepts.json', import.meta.url)))
const icons = require('@iconify-json/fluent-emoji-flat/icons.json')
const iconNameOfCodepoint = require('@iconify-json/fluent-emoji-flat/chars.json')
const folderOf3d = path.join(
  path.dirname(require.resolve('@lobehub/fluent-emoji-3d/package.json')),
  'assets',
)

/** The icon's drawing as a complete SVG document. */
function svgOf(codepoint) {
  const name = iconNameOfCodepoint[codepoint] ?? iconNameOfCodepoint[`${codepoint}-fe0f`]
  const icon = icons.icons[name] ?? icons.icons[icons.aliases?.[name]?.parent]
  if (!icon) throw new Error(`fluent-emoji-flat has no icon for ${codepoint}`)
  const width = icon.width ?? icons.width
  const height = icon.height ?? icons.height
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    viewBox="0 0 ${width} ${height}" width="${spriteSizePx}" height="${spriteSizePx}">${icon.body}</svg>`
}

for (const style of ['flat', '3d'])
  fs.mkdirSync(path.join(outputFolder, style), { recursive: true })
for (const { name, codepoint } of objects) {
  const picture = new Resvg(svgOf(codepoint), {
    fitTo: { mode: 'width', value: spriteSizePx },
    font: { loadSystemFonts: false },
  }).render()
  fs.writeFileSync(path.join(outputFolder, 'flat', `${name}.png`), picture.asPng())

  const file = [`${codepoint}.webp`, `${codepoint}-fe0f.webp`]
    .map(candidate => path.join(folderOf3d, candidate))
    .find(candidate => fs.existsSync(candidate))
  if (!file) throw new Error(`fluent-emoji-3d has no picture for ${codepoint}`)
  fs.copyFileSync(file, path.join(outputFolder, '3d', `${name}.webp`))
}
console.log(`${objects.length} objects in two styles -> ${outputFolder}`)
