// node emotion_judge.js FILE.png...: what the expression network of @vladmandic/face-api sees in
// each file, one JSON line each: {"file": ..., "seen": {class: probability} or null}.
// The packages are looked up through NODE_PATH.
const fs = require("fs");
const path = require("path");
const { PNG } = require("pngjs");
require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");
const faceapi = require("@vladmandic/face-api/dist/face-api.node-wasm.js");

const models = path.join(path.dirname(require.resolve("@vladmandic/face-api/package.json")), "model");
const binaries = path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));

function pixelsOf(file) {
  const { width, height, data } = PNG.sync.read(fs.readFileSync(file));
  const colours = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) colours[3 * i + c] = data[4 * i + c];
  }
  return faceapi.tf.tensor3d(colours, [height, width, 3], "int32");
}

async function main() {
  wasm.setWasmPaths(path.join(binaries, "dist") + path.sep);
  wasm.setThreadsCount(1);
  await faceapi.tf.setBackend("wasm");
  await faceapi.tf.ready();
  await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
  await faceapi.nets.faceLandmark68Net.loadFromDisk(models);
  await faceapi.nets.faceExpressionNet.loadFromDisk(models);
  // drawings are faces, too: the detector need not be sure
  const detector = new faceapi.SsdMobilenetv1Options({ minConfidence: 0.05 });
  for (const file of process.argv.slice(2)) {
    const pixels = pixelsOf(file);
    const found = await faceapi.detectSingleFace(pixels, detector).withFaceLandmarks().withFaceExpressions();
    pixels.dispose();
    const seen = found ? Object.fromEntries(Object.entries(found.expressions).map(([k, v]) => [k, +v.toFixed(4)])) : null;
    console.log(JSON.stringify({ file, seen }));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
