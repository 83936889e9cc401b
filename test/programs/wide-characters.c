#define _GNU_SOURCE
#include <stdio.h>
#include <wchar.h>
#include <locale.h>
#include <stdlib.h>

int main(void) {
  setlocale(LC_ALL, "C");
  wchar_t w[20] = L"wide";
  wcscat(w, L" text");
  char b[20];
  printf("%zu %zu %s %d\n", wcslen(w), wcstombs(b, w, 20), b, wcscmp(w, L"wide") > 0);
  printf("%ls %ld\n", w, wcstol(L"123x", 0, 10));
  return 0;
}
