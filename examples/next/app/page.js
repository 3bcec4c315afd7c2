import { Ports } from './ports.js';

export default function Page() {
  return <Ports />;
}
