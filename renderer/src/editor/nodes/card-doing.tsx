// What has to be done once before a node's own work, with how far it is. Below its card.

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
    className="nodrag absolute inset-x-0 top-full mt-1.5 rounded-card border border-line bg-card px-2.5 py-2 text-soft shadow-lift"
  >
    {doing}
    <progress
      aria-label={doing}
      value={done}
      max={of}
      className="mt-1.5 block h-1 w-full accent-accent"
    />
  </div>
)
