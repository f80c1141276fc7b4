// What has to be done once before a node's own work, with how far it is. Below its card.
import { Ring } from '../../ui/ring.tsx'

interface Doing {
  /** In words: "Rounding the model to 8 bits, once". */
  doing: string
  done?: number
  of?: number
}

export const CardDoing = ({ doing, done = 0, of = 1 }: Doing) => (
  <div
    data-float
    data-testid="card-doing"
    role="status"
    className="nodrag absolute inset-x-0 top-full mt-1.5 flex items-center gap-2 rounded-card border border-line bg-card px-2.5 py-2 text-soft shadow-lift"
  >
    <Ring size={14} share={done / of} />
    {doing}
  </div>
)
