// Which of ComfyUI's nodes are not here, and how often its templates use them.
//
//   node tools/node-inventory.ts
//
// Reads ../shared/comfyui: the core nodes of object_info.json, and the templates.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isPartnerNode } from '../engine/graph/partner-nodes.ts'
import { nodeTypes } from '../engine/nodes/index.ts'

const shared = resolve(import.meta.dirname, '../../shared/comfyui')

interface RawNode {
  type: string
}
interface RawWorkflow {
  nodes?: RawNode[]
  definitions?: { subgraphs?: { id: string; nodes: RawNode[] }[] }
}

/** Class types of a workflow, those inside its subgraphs too. */
function typesIn({ nodes = [], definitions }: RawWorkflow): Set<string> {
  const subgraphs = definitions?.subgraphs ?? []
  const own = new Set(subgraphs.map(({ id }) => id))
  const all = [...nodes, ...subgraphs.flatMap(subgraph => subgraph.nodes)]
  return new Set(all.map(({ type }) => type).filter(type => !own.has(type)))
}

/** Types that are not here, with the number of templates that use each; partners' apart. */
function missingInTemplates() {
  const uses = new Map<string, number>()
  const folder = join(shared, 'templates')
  for (const name of readdirSync(folder).filter(name => name.endsWith('.json')))
    for (const type of typesIn(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
      if (!nodeTypes.has(type)) uses.set(type, (uses.get(type) ?? 0) + 1)
  const sorted = [...uses].sort((a, b) => b[1] - a[1])
  return {
    partners: sorted.filter(([type]) => isPartnerNode(type)),
    others: sorted.filter(([type]) => !isPartnerNode(type)),
  }
}

function missingCore(): { known: number; byCategory: Record<string, string[]> } {
  const core: Record<string, { category: string }> = JSON.parse(
    readFileSync(join(shared, 'object_info.json'), 'utf8'),
  )
  const byCategory: Record<string, string[]> = {}
  for (const [type, { category }] of Object.entries(core))
    if (!nodeTypes.has(type)) (byCategory[category] ??= []).push(type)
  return { known: Object.keys(core).length, byCategory }
}

if (!existsSync(shared)) {
  process.stderr.write('../shared/comfyui is not here: there is nothing to compare with.\n')
  process.exit(1)
}
const { known, byCategory } = missingCore()
const lacking = Object.values(byCategory).flat().length
console.log(
  `${nodeTypes.size} nodes here. Of ComfyUI’s ${known} core nodes ${known - lacking} are.\n`,
)
for (const category of Object.keys(byCategory).sort())
  console.log(`${category}: ${byCategory[category]!.join(', ')}`)
const { partners, others } = missingInTemplates()
console.log(`\nIn templates, beside ${partners.length} partner nodes:`)
for (const [type, count] of others) console.log(`${String(count).padStart(4)}  ${type}`)
