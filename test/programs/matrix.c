#define _GNU_SOURCE
#include <stdio.h>

int main(void) {
  static double a[30][30], b[30][30], c[30][30];
  double t = 0;
  for (int i = 0; i < 30; i++) for (int j = 0; j < 30; j++) { a[i][j] = i * 0.5 + j; b[i][j] = i - j * 0.25; }
  for (int i = 0; i < 30; i++) for (int j = 0; j < 30; j++) for (int k = 0; k < 30; k++) c[i][j] += a[i][k] * b[k][j];
  for (int i = 0; i < 30; i++) t += c[i][i];
  printf("%.4f %.4f\n", t, c[7][19]);
  return 0;
}
