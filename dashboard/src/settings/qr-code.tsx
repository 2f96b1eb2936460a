import { encode } from 'uqr';

/** Modules of white around a code, without which cameras do not find it. */
const BORDER = 2;

/** A text as a QR code. It is dark on white in both themes, since not all cameras read the opposite. */
export default function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: BORDER });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      className="size-44 rounded-lg bg-white"
    >
      <path d={path} className="fill-black" shapeRendering="crispEdges" />
    </svg>
  );
}
