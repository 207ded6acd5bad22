package graft.benchmarks;

import java.util.Locale;
import java.util.Map;

/**
 * Ratios as bars in an SVG: the median, a whisker from least to most, a tick where the goal is. The scale is
 * logarithmic, so that twice as fast and half as fast are equally far from 1.
 */
final class Plot {
    private static final int ROW = 26;
    private static final int TOP = 44;
    private static final int LEFT = 400;
    private static final int WIDTH = 460;
    private static final double LEAST = 0.01;
    private static final double MOST = 100;

    private Plot() {}

    static String bars(String title, Map<String, Measurement> ratios, Map<String, Goal> goals) {
        StringBuilder svg = new StringBuilder();
        int height = TOP + ROW * ratios.size() + 30;
        svg.append(String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                + "font-family=\"sans-serif\" font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n"
                + "<text x=\"12\" y=\"22\" font-size=\"15\">%s: ratios, median of rounds, least to most</text>%n",
                LEFT + WIDTH + 90, height, escaped(title)));
        for (double mark : new double[] {0.01, 0.1, 1, 10, 100}) {
            svg.append(String.format(Locale.ROOT, "<line x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"%2$d\" y2=\"%3$d\" "
                    + "stroke=\"%4$s\"/><text x=\"%1$.1f\" y=\"%5$d\" text-anchor=\"middle\">%6$s</text>%n", x(mark),
                    TOP - 8, height - 26, mark == 1 ? "#666" : "#ddd", height - 10, mark < 1 ? mark : (int) mark));
        }
        int y = TOP;
        for (Map.Entry<String, Measurement> ratio : ratios.entrySet()) {
            svg.append(row(ratio.getKey(), ratio.getValue(), goals.get(ratio.getKey()), y));
            y += ROW;
        }
        return svg.append("</svg>\n").toString();
    }

    private static String row(String name, Measurement measured, Goal goal, int y) {
        double from = Math.min(x(1), x(measured.median()));
        double width = Math.abs(x(measured.median()) - x(1));
        String colour = goal == null ? "#8aa4c8" : goal.met(measured.median()) ? "#5a9e6f" : "#c9705f";
        String bar = String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                + "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>"
                + "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#222\"/>"
                + "<text x=\"%d\" y=\"%d\">%.3g</text>%n", LEFT - 10, y + 12, escaped(name), from, y, width, colour,
                x(measured.least()), x(measured.most()), y + 7, y + 7, LEFT + WIDTH + 10, y + 12, measured.median());
        if (goal == null) return bar;
        return bar + String.format(Locale.ROOT, "<line x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"%2$d\" y2=\"%3$d\" "
                + "stroke=\"#000\" stroke-width=\"2\"/>%n", x(goal.bound()), y - 3, y + 17);
    }

    private static double x(double ratio) {
        double within = Math.min(MOST, Math.max(LEAST, ratio));
        return LEFT + WIDTH * (Math.log10(within) - Math.log10(LEAST)) / (Math.log10(MOST) - Math.log10(LEAST));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
