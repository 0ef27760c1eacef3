export default function Page() {
  return <p id="value">home</p>;
}
