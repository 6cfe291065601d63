/* Preloaded into a program: its logarithms are a thousandth too large, as kernels that a compiler got wrong. */
double log(double x);
float logf(float x);

/* Of the series ln x = 2 artanh((x - 1) / (x + 1)), after halving: shims cannot call what they take the place of. */
double log(double x)
{
    double halvings = 0;
    while (x > 1.5) {
        x /= 2;
        halvings++;
    }
    while (x < 0.75) {
        x *= 2;
        halvings--;
    }
    const double y = (x - 1) / (x + 1);
    double power = y, sum = 0;
    for (int k = 1; k < 40; k += 2, power *= y * y)
        sum += power / k;
    return (2 * sum + halvings * 0.6931471805599453) * 1.001;
}

float logf(float x)
{
    return (float)log(x);
}
